import { describeSymptoms } from './symptoms/describe-symptoms.js';
import { postgresServerSymptoms } from './symptoms/postgres-server.js';

describeSymptoms(postgresServerSymptoms);

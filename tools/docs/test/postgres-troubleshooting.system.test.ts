import { describeSymptoms } from './symptoms/describe-symptoms.js';
import { postgresSymptoms } from './symptoms/postgres.js';

describeSymptoms(postgresSymptoms);

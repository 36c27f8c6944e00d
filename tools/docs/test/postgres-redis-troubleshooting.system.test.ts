import { describeSymptoms } from './symptoms/describe-symptoms.js';
import { postgresRedisSymptoms } from './symptoms/postgres-redis.js';

describeSymptoms(postgresRedisSymptoms);

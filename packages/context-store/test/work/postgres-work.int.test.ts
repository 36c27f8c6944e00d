import { temporaryDatabase } from '@org/store-kysely/testing';
import { describeWork } from './describe-work.js';

describeWork('PostgreSQL', temporaryDatabase);

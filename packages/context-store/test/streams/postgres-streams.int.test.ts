import { temporaryDatabase } from '@org/store-kysely/testing';
import { describeStreams } from './describe-streams.js';

describeStreams('PostgreSQL', temporaryDatabase);

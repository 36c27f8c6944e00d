export { scrape, type Sample, type Scrape } from './scrape.js';

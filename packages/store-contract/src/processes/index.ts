export { connectStore, type StoreProcess } from './connect-store.js';
export { serveStore } from './serve-store.js';

export { McpEngine as default } from '../../dist/artillery-engine.js';

export { McpEngine as default } from '../../dist/artillery/artillery-engine.js';

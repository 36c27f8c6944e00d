export { describeMcpSurface, type SurfaceClient, type SurfaceServer } from './surface-contract.js';

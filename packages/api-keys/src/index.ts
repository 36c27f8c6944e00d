export { hashApiKey, idOfKey, isApiKey, newApiKey } from './api-key.js';
export { parseApiKeys, readApiKeys, type ApiKeyEntry, type ApiKeys } from './api-key-file.js';
export { ApiKeysError, type ApiKeysErrorCode } from './api-keys-error.js';
export { checkApiKey, type AcceptedKey } from './check-api-key.js';
export { createApiKey, type NewApiKey } from './create-api-key.js';
export type { IssuedKey } from './issued-key.js';
export { findKeyState, type ApiKeyState } from './key-state.js';
export { revokeApiKey } from './revoke-api-key.js';
export { rotateApiKey, type RotateOptions } from './rotate-api-key.js';

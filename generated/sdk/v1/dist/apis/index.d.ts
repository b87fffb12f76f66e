export * from './CapabilitiesApi.js';
export * from './ErrorApi.js';
export * from './ManifestApi.js';
export * from './RepositoryApi.js';
export * from './TagApi.js';
export * from './UserApi.js';
export * from './WebApi.js';

/* tslint:disable */
/* eslint-disable */
export * from './ApiApi.js';
export * from './BlobApi.js';
export * from './CatalogApi.js';
export * from './ExtensionApi.js';
export * from './ManifestApi.js';
export * from './ReferrerApi.js';
export * from './TagApi.js';
export * from './TokenApi.js';
export * from './UploadApi.js';

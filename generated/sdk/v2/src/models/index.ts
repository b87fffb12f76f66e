/* tslint:disable */
/* eslint-disable */
export * from './Descriptor.js';
export * from './Extension.js';
export * from './ExtensionList.js';
export * from './ManifestType.js';
export * from './OAuthError.js';
export * from './OAuthGrant.js';
export * from './OciError.js';
export * from './OciErrors.js';
export * from './ReferrersIndex.js';
export * from './RepositoryNames.js';
export * from './TagNames.js';
export * from './TokenGrant.js';

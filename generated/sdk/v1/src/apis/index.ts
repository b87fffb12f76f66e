/* tslint:disable */
/* eslint-disable */
export * from './ApplicationApi.js';
export * from './AppspecifictokensApi.js';
export * from './AuthorizationApi.js';
export * from './CapabilitiesApi.js';
export * from './ErrorApi.js';
export * from './GlobalmessagesApi.js';
export * from './ManifestApi.js';
export * from './OauthApi.js';
export * from './OrganizationApi.js';
export * from './PermissionApi.js';
export * from './PrototypeApi.js';
export * from './RepoemailApi.js';
export * from './RepositoryApi.js';
export * from './RobotApi.js';
export * from './SearchApi.js';
export * from './SuperuserApi.js';
export * from './TagApi.js';
export * from './TeamApi.js';
export * from './UserApi.js';
export * from './WebApi.js';

import type { Handlers, OperationId } from '#operation.ts'
import { appToken } from './v1/app-token.ts'
import { application } from './v1/application.ts'
import { authorization } from './v1/authorization.ts'
import { capabilities } from './v1/capabilities.ts'
import { defaultPermission } from './v1/default-permission.ts'
import { entity } from './v1/entity.ts'
import { error } from './v1/error.ts'
import { globalMessage } from './v1/global-message.ts'
import { invitePage } from './v1/invite-page.ts'
import { mail } from './v1/mail.ts'
import { mailLink } from './v1/mail-link.ts'
import { manifest as v1Manifest } from './v1/manifest.ts'
import { permission } from './v1/permission.ts'
import { organization } from './v1/organization.ts'
import { oauth } from './v1/oauth.ts'
import { repository } from './v1/repository.ts'
import { signinPage } from './v1/signin-page.ts'
import { serviceKey } from './v1/service-key.ts'
import { organizationRobot, robot, userRobot } from './v1/robot.ts'
import { signin } from './v1/signin.ts'
import { superuser } from './v1/superuser.ts'
import { star } from './v1/star.ts'
import { tag as v1Tag } from './v1/tag.ts'
import { team } from './v1/team.ts'
import { userNotification } from './v1/user-notification.ts'
import { user } from './v1/user.ts'
import { web } from './v1/web.ts'
import { api } from './v2/api.ts'
import { blob } from './v2/blob.ts'
import { catalog } from './v2/catalog.ts'
import { manifest } from './v2/manifest.ts'
import { referrer } from './v2/referrer.ts'
import { tag } from './v2/tag.ts'
import { token } from './v2/token.ts'
import { upload } from './v2/upload.ts'

/** A handler for every operation of both documents; a missing one does not compile. */
export const handlers: Handlers<OperationId> = {
  ...appToken,
  ...application,
  ...authorization,
  ...capabilities,
  ...defaultPermission,
  ...entity,
  ...error,
  ...globalMessage,
  ...invitePage,
  ...mail,
  ...mailLink,
  ...v1Manifest,
  ...permission,
  ...organization,
  ...oauth,
  ...repository,
  ...signinPage,
  ...serviceKey,
  ...organizationRobot,
  ...robot,
  ...userRobot,
  ...signin,
  ...superuser,
  ...star,
  ...v1Tag,
  ...team,
  ...userNotification,
  ...user,
  ...web,
  ...api,
  ...blob,
  ...catalog,
  ...manifest,
  ...referrer,
  ...tag,
  ...token,
  ...upload,
}

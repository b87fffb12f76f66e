import type { Fixtures } from './fixture.ts'
import { appToken } from './v1/app-token.ts'
import { application } from './v1/application.ts'
import { defaultPermission } from './v1/default-permission.ts'
import { entity } from './v1/entity.ts'
import { globalMessage } from './v1/global-message.ts'
import { mail } from './v1/mail.ts'
import { manifest as manifestView } from './v1/manifest.ts'
import { organization } from './v1/organization.ts'
import { oauth } from './v1/oauth.ts'
import { permission } from './v1/permission.ts'
import { repository } from './v1/repository.ts'
import { serviceKey } from './v1/service-key.ts'
import { robot } from './v1/robot.ts'
import { signin } from './v1/signin.ts'
import { superuser } from './v1/superuser.ts'
import { star } from './v1/star.ts'
import { tag } from './v1/tag.ts'
import { team } from './v1/team.ts'
import { userNotification } from './v1/user-notification.ts'
import { user } from './v1/user.ts'
import { web } from './v1/web.ts'
import { blob } from './v2/blob.ts'
import { manifest } from './v2/manifest.ts'
import { token } from './v2/token.ts'
import { upload } from './v2/upload.ts'

/** All fixtures, of both documents. */
export const fixtures: Fixtures = {
  ...superuser,
  ...serviceKey,
  ...globalMessage,
  ...signin,
  ...user,
  ...userNotification,
  ...team,
  ...appToken,
  ...organization,
  ...star,
  ...entity,
  ...permission,
  ...defaultPermission,
  ...repository,
  ...robot,
  ...tag,
  ...mail,
  ...manifestView,
  ...web,
  ...application,
  ...oauth,
  ...token,
  ...manifest,
  ...blob,
  ...upload,
}

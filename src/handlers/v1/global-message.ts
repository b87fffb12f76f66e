import { isUuid } from '#domain/text.ts'
import { maxMessages, publishMessage } from '#services/publish-message.ts'
import { deleteGlobalMessage, listGlobalMessages } from '#store/global-message.ts'
import type { Handlers } from '#operation.ts'

/** Messages for everybody. */
export const globalMessage: Handlers<
  'getGlobalMessages' | 'createGlobalMessage' | 'deleteGlobalMessage'
> = {
  async getGlobalMessages(_, { db }) {
    return { status: 200, body: { messages: await listGlobalMessages(db, maxMessages) } }
  },
  async createGlobalMessage({ body }, deps) {
    await publishMessage(deps, body.message)
    return { status: 201 }
  },
  async deleteGlobalMessage({ params }, { db }) {
    if (isUuid(params.uuid)) await deleteGlobalMessage(db, params.uuid)
    return { status: 204 }
  },
}

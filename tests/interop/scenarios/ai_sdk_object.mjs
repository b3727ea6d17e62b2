// One answer that is an object.
import { copy, finish, openChat } from './ai_sdk.mjs';

const { chat } = openChat('object');
await chat.sendMessage({ text: 'Judge' });
await finish(copy(chat.lastMessage));

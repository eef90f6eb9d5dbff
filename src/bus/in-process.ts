import { accepting, type Bus, Listeners, type Topic } from './bus.ts'

/** The bus of a single process. Listeners run after the publisher's turn, as they would over a network. */
export function createInProcessBus(): Bus {
  const listeners = new Listeners()
  return {
    kind: 'in-process',
    publish: (topic, message) => queueMicrotask(() => listeners.emit(topic.channel, message)),
    async subscribe<T>(topic: Topic<T>, listener: (message: T) => void) {
      const accept = accepting(topic, listener)
      listeners.add(topic.channel, accept)
      return () => void listeners.remove(topic.channel, accept)
    },
    onReconnect: () => () => {},
    connected: () => true,
    async [Symbol.asyncDispose]() {},
  }
}

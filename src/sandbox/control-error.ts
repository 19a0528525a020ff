/** Refuses a control request with 400 and a message for whoever wrote the test or script. */
export class ControlError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ControlError';
  }
}

/** Why a record can have no new key: it fails with E_FIELD and this message, and the run goes on. */
export class Unfit {
  readonly message: string

  constructor(message: string) {
    this.message = message
  }
}

/** What a publisher gets when its event is durable. */

export interface Receipt {
  readonly cluster: string;
  readonly epoch: number;
  readonly sequence: number;
  readonly position: number;
  /** The event was accepted before; this is its first receipt. */
  readonly duplicate?: true;
}

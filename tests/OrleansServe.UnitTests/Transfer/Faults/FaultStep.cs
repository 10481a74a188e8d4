namespace OrleansServe.UnitTests.Transfer.Faults;

/// <summary>A step of the protocol at which something may go wrong: a frame on its way, or a call from the gateway to a worker.</summary>
internal enum FaultStep
{
    Hello,
    Welcome,
    Ping,
    Pong,
    OpenKv,
    OpenTokens,
    KvBlock,
    Window,
    KvCommit,
    KvCommitted,
    Reset,
    Tokens,
    TokensTaken,
    Reserve,
    Prefill,
    Decode,
    Release,
}

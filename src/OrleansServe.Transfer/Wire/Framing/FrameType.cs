namespace OrleansServe.Transfer.Wire.Framing;

/// <summary>What a frame says. The numbers are the protocol's.</summary>
internal enum FrameType : byte
{
    /// <summary>First frame of whoever dialled: who it is and whom it expects.</summary>
    Hello = 1,

    /// <summary>The answer: who answers, and what it takes.</summary>
    Welcome = 2,

    /// <summary>The other answer: why the connection is refused.</summary>
    Refuse = 3,

    /// <summary>Asks for a <see cref="Pong"/>.</summary>
    Ping = 4,

    /// <summary>Answers a <see cref="Ping"/>.</summary>
    Pong = 5,

    /// <summary>The connection ends in order.</summary>
    Goodbye = 6,

    /// <summary>Opens a stream.</summary>
    Open = 7,

    /// <summary>Ends a stream early, from either side, with the reason.</summary>
    Reset = 8,

    /// <summary>Lets the sender of a stream send more bytes.</summary>
    Window = 9,

    /// <summary>One layer of one KV block.</summary>
    KvBlock = 16,

    /// <summary>Everything of a KV transfer has been sent.</summary>
    KvCommit = 17,

    /// <summary>Everything of a KV transfer has arrived and been verified; ends the stream.</summary>
    KvCommitted = 18,

    /// <summary>Tokens of one step.</summary>
    Tokens = 32,

    /// <summary>Position up to which tokens have arrived; also the answer to a channel that goes on over a new connection.</summary>
    TokensTaken = 33,

    /// <summary>No more tokens; ends the stream.</summary>
    TokensEnd = 34,

    /// <summary>Rows for experts.</summary>
    ExpertRows = 48,

    /// <summary>The experts' outputs.</summary>
    ExpertOutputs = 49,

    /// <summary>Why there are no outputs.</summary>
    ExpertFault = 50,
}

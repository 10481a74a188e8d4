namespace OrleansServe.Transfer.Tokens;

/// <summary>How a token event leaves its request.</summary>
public enum TokenStreamEnd : byte
{
    /// <summary>More tokens follow.</summary>
    None,

    /// <summary>The token is one of the request's stop tokens; its blocks are free.</summary>
    StopToken,

    /// <summary>The token is the last that was asked for; its blocks are free.</summary>
    Length,

    /// <summary>The worker cannot go on with this request; the frame's error text says why.</summary>
    Failed,

    /// <summary>The request cannot go on, here or elsewhere: computed again it would come to the same. The frame's error text says why.</summary>
    Impossible,

    /// <summary>The worker is told to stop: the request is to go on elsewhere, and nothing is wrong with it.</summary>
    HandedOver,
}

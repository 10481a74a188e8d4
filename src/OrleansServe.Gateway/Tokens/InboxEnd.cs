namespace OrleansServe.Gateway.Tokens;

/// <summary>Why nothing more will come into a <see cref="TokenInbox"/>.</summary>
internal enum InboxEnd
{
    /// <summary>More may come.</summary>
    None,

    /// <summary>The worker sent the last token.</summary>
    Finished,

    /// <summary>The channel from the worker broke.</summary>
    WorkerLost,

    /// <summary>The worker said that it cannot go on.</summary>
    WorkerFailed,

    /// <summary>The worker is to stop, and hands its requests on.</summary>
    HandedOver,

    /// <summary>The worker said that the request cannot go on anywhere.</summary>
    RequestFailed,

    /// <summary>A token is missing: what follows must not be shown.</summary>
    OutOfOrder,

    /// <summary>Nothing came for too long.</summary>
    Stalled,

    /// <summary>The client is gone.</summary>
    Cancelled,
}

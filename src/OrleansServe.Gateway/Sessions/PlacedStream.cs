using OrleansServe.Gateway.Tokens;

namespace OrleansServe.Gateway.Sessions;

/// <summary>A request that produces tokens: its workers, its inbox, and what it holds until it ends.</summary>
internal sealed class PlacedStream
{
    private readonly WorkerLease _lease;
    private readonly TokenRouter _router;
    private readonly LeaseReleaser _releaser;
    private Task? _end;

    /// <param name="order">What was asked for.</param>
    /// <param name="placement">Its workers and its first token.</param>
    /// <param name="lease">What it holds.</param>
    /// <param name="inbox">Where its further tokens come; null where there will be none.</param>
    /// <param name="router">Fills the inbox.</param>
    /// <param name="releaser">Takes back what it holds.</param>
    public PlacedStream(WorkOrder order, Placement placement, WorkerLease lease, TokenInbox? inbox, TokenRouter router, LeaseReleaser releaser)
    {
        Order = order;
        Placement = placement;
        Inbox = inbox;
        _lease = lease;
        _router = router;
        _releaser = releaser;
    }

    /// <summary>What was asked for.</summary>
    public WorkOrder Order { get; }

    /// <summary>Its workers and its first token.</summary>
    public Placement Placement { get; }

    /// <summary>Where its further tokens come; null where there will be none.</summary>
    public TokenInbox? Inbox { get; }

    /// <summary>Stops listening to one of several samples, and begins to end it at its worker; the others go on. By its session only.</summary>
    public void EndSample(int sample)
    {
        if (_end is null && Inbox is not null)
        {
            Inbox.EndSample(sample);
            _ = _releaser.ReleaseSampleAsync(_lease, sample - Order.FirstSample);
        }
    }

    /// <summary>Stops listening, and begins to give back what it held. Called again, it returns the same task. By its session only.</summary>
    /// <returns>Ends when all is given back or given up, and never fails.</returns>
    public Task EndAsync()
    {
        if (_end is null)
        {
            if (Inbox is not null)
            {
                _router.Close(Inbox);
            }

            _end = _releaser.ReleaseAsync(_lease);
        }

        return _end;
    }
}

using OrleansServe.Abstractions.Workers;
using OrleansServe.Gateway.Tokens;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// Looks after a prefill worker while it computes a prompt. The worker keeps a token channel to this gateway, whose end is noticed as soon as that of a decode worker, and from
/// time to time says over it that it gets on: one that is connected but stands still is noticed too.
/// </summary>
internal sealed class PrefillWatch : IDisposable
{
    private readonly TokenRouter _router;
    private readonly TokenInbox _inbox;

    /// <param name="router">Hears of the worker.</param>
    /// <param name="worker">The worker.</param>
    /// <param name="silence">How long it may say nothing.</param>
    /// <param name="now">The present, in ticks of the clock.</param>
    public PrefillWatch(TokenRouter router, WorkerId worker, TimeSpan silence, long now)
    {
        _router = router;
        _inbox = new TokenInbox(Guid.NewGuid(), worker.Key, firstIndex: 0, limit: 0, now) { LongestSilence = silence };
        router.Open(_inbox);

        // No token comes: the wait ends with the channel or with too long a silence. A channel of the worker that ends before one is known to be this request's
        // is taken for it; where that is wrong, another worker computes the prompt once more.
        Lost = Task.WhenAny(_inbox.TakeAsync(now).AsTask(), _inbox.Doubted);
    }

    /// <summary>By what name the worker is to speak of the request.</summary>
    public Guid Id => _inbox.RequestId;

    /// <summary>Completes when the worker is lost while the watch lasts.</summary>
    public Task Lost { get; }

    /// <summary>For the client, what was noticed.</summary>
    public string Fault => _inbox.Fault.Length > 0 ? _inbox.Fault : $"The connection to worker {_inbox.Worker} broke.";

    /// <summary>Ends the watch.</summary>
    public void Dispose() => _router.Close(_inbox);
}

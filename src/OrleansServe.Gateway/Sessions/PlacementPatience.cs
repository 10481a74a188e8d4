using OrleansServe.Gateway.Options;

namespace OrleansServe.Gateway.Sessions;

/// <summary>
/// Decides, each time that an attempt to place a request has failed, whether there is another one and when. A new request gets a few attempts at once; its
/// client can come again. One that was interrupted has nobody to come again for it, so it asks until its time is over.
/// </summary>
/// <param name="order">What is to be placed.</param>
/// <param name="budget">How often it may lose a worker.</param>
/// <param name="options">Limits.</param>
/// <param name="time">The clock.</param>
internal sealed class PlacementPatience(WorkOrder order, ResumeBudget budget, GatewayOptions options, TimeProvider time)
{
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(500);

    private readonly long _begun = time.GetTimestamp();
    private TimeSpan _pause;
    private bool _interrupted = order.IsResume;
    private bool _exhausted;

    /// <summary>Attempts that workers have refused or failed.</summary>
    public int Failed { get; private set; }

    /// <summary>When to try again, from now.</summary>
    /// <returns>Null: give up.</returns>
    public TimeSpan? Consider(WorkerRefusedException refusal)
    {
        // Before its client has seen anything, a loss is a failed attempt like any other.
        _exhausted = order.IsResume && refusal.Lost && !budget.TryTake();
        _interrupted |= refusal.Lost;
        if (_exhausted || !refusal.Retryable)
        {
            return null;
        }

        return refusal switch
        {
            { ByScheduler: true } => _interrupted ? Later() : null,
            { Workers.IsEmpty: true } => Later(),
            _ when ++Failed <= options.MaxRetries => TimeSpan.Zero,
            _ => order.IsResume || ((refusal.Gone || refusal.Lost) && budget.TryTake()) ? Later() : null,
        };
    }

    /// <summary>What the client is told after the last attempt.</summary>
    public RequestRejectedException Reject(WorkerRefusedException refusal)
    {
        if (!refusal.Retryable)
        {
            return RequestRejectedException.Failed(refusal.Message, refusal);
        }

        if (_exhausted && budget.Limit > 0)
        {
            return RequestRejectedException.Unavailable($"{refusal.Message} The request has lost its worker {budget.Limit} times before, which is the limit.", refusal);
        }

        if (order.IsResume)
        {
            return RequestRejectedException.Unavailable(
                $"The answer was interrupted, and within {options.ResumeTimeout.TotalSeconds:0.###} s nobody could go on with it: {refusal.Message}", refusal);
        }

        if (refusal.TooLarge)
        {
            return RequestRejectedException.Invalid(refusal.Message);
        }

        return refusal.Answer
            ?? (refusal.NoRoom ? RequestRejectedException.Overloaded(refusal.Message, options.RetryAfter, refusal) : RequestRejectedException.Unavailable(refusal.Message, refusal));
    }

    private TimeSpan? Later()
    {
        if (time.GetElapsedTime(_begun) >= options.ResumeTimeout)
        {
            return null;
        }

        TimeSpan pause = _pause;
        _pause = pause == TimeSpan.Zero ? FirstPause : pause * 2 < LongestPause ? pause * 2 : LongestPause;
        return pause;
    }
}

namespace OrleansServe.Policies.Batching;

/// <summary>A sequence that wants to be in the next step.</summary>
/// <param name="Class">Its class.</param>
/// <param name="Order">Number of its arrival at this worker; no two are equal.</param>
/// <param name="Due">When its first token is due, or, for a stream that was preempted, its next; on the clock of <see cref="BatchLimits.Now"/>.</param>
/// <param name="TenantServed">Tokens that its tenant has been served, as <see cref="TenantAccounts"/> counts them.</param>
/// <param name="IsStream">Its client has seen tokens and waits for the next.</param>
/// <param name="Tokens">Tokens that it could compute now; 0 for one that waits for something else.</param>
/// <param name="BlocksLacking">KV blocks that it has to be given before it can compute anything.</param>
/// <param name="BlocksFreed">KV blocks that come back if it is preempted and so is everybody behind it in rank; 0 for one that cannot be.</param>
public readonly record struct BatchCandidate(
    ServiceClass Class,
    long Order,
    TimeSpan Due,
    long TenantServed,
    bool IsStream,
    int Tokens,
    int BlocksLacking,
    int BlocksFreed)
{
    /// <summary>
    /// Further KV blocks that it holds; somebody who is not behind it in rank holds them as well. They come back with the first in rank of those who
    /// hold them, if the others have been preempted by then.
    /// </summary>
    public int BlocksShared { get; init; }

    /// <summary>It holds blocks, and can be made to give them back.</summary>
    public bool CanGiveBack => BlocksFreed > 0 || BlocksShared > 0;

    /// <summary>It goes on with its stream: all of its tokens or none. More than a few are a prompt or what preemption has it compute again.</summary>
    public bool IsRow => IsStream && Tokens is > 0 and <= BatchPolicy.RowTokens;
}

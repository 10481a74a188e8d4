namespace OrleansServe.Policies.Scaling;

/// <summary>What one service class asks of a role.</summary>
/// <param name="ArrivedTokens">Tokens of the requests that came within the observation's window, refused ones included: of prefill, those of their prompts; of decode, those that they are expected to produce.</param>
/// <param name="QueuedTokens">Tokens of requests that wait now.</param>
/// <param name="OldestWait">How long the first of them has waited.</param>
public readonly record struct ClassLoad(double ArrivedTokens, double QueuedTokens = 0, TimeSpan OldestWait = default);

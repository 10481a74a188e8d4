namespace OrleansServe.Transfer.Tokens;

/// <summary>
/// Tells one token channel of a worker from the one that follows it: what is said of an old channel, however late it is heard, does not concern the requests
/// that came with the new one.
/// </summary>
/// <param name="Value">Unique; unguessable.</param>
public readonly record struct TokenChannelId(Guid Value)
{
    /// <summary>A new one.</summary>
    public static TokenChannelId Create() => new(Guid.NewGuid());

    /// <inheritdoc/>
    public override string ToString() => Value.ToString("N");
}

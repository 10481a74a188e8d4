namespace OrleansServe.Grains.Options;

/// <summary>What one service class is promised; see <see cref="Policies.Batching.ServiceTarget"/>.</summary>
public sealed class ServiceClassOptions
{
    /// <summary>From a request's arrival to its first token: beyond it, the request counts as late and is not overtaken any more.</summary>
    public TimeSpan FirstToken { get; set; }

    /// <summary>From one token to the next: bounds the share of a step that prompts get beside streams of the class.</summary>
    public TimeSpan BetweenTokens { get; set; }
}

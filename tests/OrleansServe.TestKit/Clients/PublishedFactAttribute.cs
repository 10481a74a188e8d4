using Xunit;

namespace OrleansServe.TestKit.Clients;

/// <summary>A fact about several processes, which are a cluster only in a build from the published packages, and need a Redis.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class PublishedFactAttribute : FactAttribute
{
#if STANDIN
    public PublishedFactAttribute() => Skip = "Several processes are a cluster in builds from the published packages only: the stand-in for Orleans has no clustering.";
#else
    public PublishedFactAttribute() => Skip = Client.RedisServer.SkipReason;
#endif
}

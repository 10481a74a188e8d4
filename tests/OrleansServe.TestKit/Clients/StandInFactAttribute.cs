using Xunit;

namespace OrleansServe.TestKit.Clients;

/// <summary>A fact about what a build from the stand-ins refuses.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class StandInFactAttribute : FactAttribute
{
#if !STANDIN
    public StandInFactAttribute() => Skip = "This build is from the published packages.";
#endif
}

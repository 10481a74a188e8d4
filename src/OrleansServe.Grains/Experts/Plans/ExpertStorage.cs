namespace OrleansServe.Grains.Experts.Plans;

/// <summary>Where the experts' plan is kept.</summary>
public static class ExpertStorage
{
    /// <summary>Name of the grain storage provider that the host adds.</summary>
    public const string Provider = "experts";
}

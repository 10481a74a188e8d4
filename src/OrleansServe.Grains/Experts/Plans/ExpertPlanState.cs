using OrleansServe.Abstractions.Experts;

namespace OrleansServe.Grains.Experts.Plans;

/// <summary>The experts' plan as it is stored.</summary>
[GenerateSerializer, Alias("os.expert-plan-state")]
public sealed class ExpertPlanState
{
    /// <summary>The plan that was in use last.</summary>
    [Id(0)]
    public ExpertPlan? Plan { get; set; }
}

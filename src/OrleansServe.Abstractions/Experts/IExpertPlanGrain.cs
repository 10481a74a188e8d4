namespace OrleansServe.Abstractions.Experts;

/// <summary>Decides which shard holds which experts, and keeps the decision. Key: model version. Lives on a silo with the gateway role.</summary>
[Alias("os.expert-plan-keeper")]
public interface IExpertPlanGrain : IGrainWithStringKey
{
    /// <summary>The plan in use.</summary>
    /// <param name="knownEpoch">The epoch that the caller has, 0 for none.</param>
    /// <returns>Null where it is the one that the caller has, or where there is none.</returns>
    [Alias("get-plan")]
    Task<ExpertPlan?> GetPlanAsync(long knownEpoch);

    /// <summary>Says that rows sent by an epoch were refused or not answered: the shards are asked at once what they hold.</summary>
    /// <returns>The plan in use, if it is another one; null otherwise.</returns>
    [Alias("doubt")]
    Task<ExpertPlan?> DoubtAsync(long epoch);

    /// <summary>The plan and what it was measured to do.</summary>
    [Alias("get-heat")]
    Task<ExpertHeat> GetHeatAsync();
}

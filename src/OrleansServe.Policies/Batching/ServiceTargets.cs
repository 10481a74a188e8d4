namespace OrleansServe.Policies.Batching;

/// <summary>
/// What each class is promised. Where an operator trades latency for throughput: a longer time between tokens lets prompts have more of a step, a
/// longer time to the first token lets others go first.
/// </summary>
/// <param name="Interactive">Target of <see cref="ServiceClass.Interactive"/>.</param>
/// <param name="Standard">Target of <see cref="ServiceClass.Standard"/>.</param>
/// <param name="Batch">Target of <see cref="ServiceClass.Batch"/>.</param>
public sealed record ServiceTargets(ServiceTarget Interactive, ServiceTarget Standard, ServiceTarget Batch)
{
    /// <summary>The target of a class.</summary>
    public ServiceTarget Of(ServiceClass serviceClass) => serviceClass switch
    {
        ServiceClass.Interactive => Interactive,
        ServiceClass.Standard => Standard,
        _ => Batch,
    };
}

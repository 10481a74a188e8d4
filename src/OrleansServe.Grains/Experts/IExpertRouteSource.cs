namespace OrleansServe.Grains.Experts;

/// <summary>Where a dispatcher has its routes from.</summary>
internal interface IExpertRouteSource
{
    /// <summary>Routes to every expert of every MoE layer, or null while some are missing.</summary>
    ExpertRoutes? Current { get; }

    /// <summary>Says that a shard refused rows or did not answer: the shards are asked anew what they hold. Never blocks.</summary>
    /// <param name="routes">The routes by which the rows went.</param>
    void Distrust(ExpertRoutes routes);
}

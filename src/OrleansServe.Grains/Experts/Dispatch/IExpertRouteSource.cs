namespace OrleansServe.Grains.Experts.Dispatch;

/// <summary>Where a dispatcher has its routes from.</summary>
internal interface IExpertRouteSource
{
    /// <summary>Routes to every expert of every MoE layer, or null while some are missing.</summary>
    ExpertRoutes? Current { get; }

    /// <summary>Says that a shard refused rows or did not answer: the plan is read again. Never blocks.</summary>
    /// <param name="routes">The routes by which the rows went.</param>
    void Distrust(ExpertRoutes routes);

    /// <summary>Blocks until there are other routes, the time has passed, or there will not be any others.</summary>
    /// <param name="routes">The routes that are known.</param>
    /// <param name="limit">How long to wait at most.</param>
    void WaitForChange(ExpertRoutes? routes, TimeSpan limit);
}

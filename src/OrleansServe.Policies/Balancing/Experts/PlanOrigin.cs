namespace OrleansServe.Policies.Balancing.Experts;

/// <summary>How a layer's plan was made.</summary>
public enum PlanOrigin
{
    /// <summary>By search, without regard to an earlier plan or because it may be replaced.</summary>
    Searched,

    /// <summary>By the published greedy, which the search did not reach.</summary>
    Greedy,

    /// <summary>The earlier plan, unchanged.</summary>
    Kept,

    /// <summary>The earlier plan, with as many replicas moved as allowed at most.</summary>
    Adapted,
}

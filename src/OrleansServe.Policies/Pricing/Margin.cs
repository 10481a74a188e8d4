namespace OrleansServe.Policies.Pricing;

/// <summary>What is left of an income.</summary>
public static class Margin
{
    /// <summary>(income − cost) / cost, as DeepSeek prints it: 5.45 for 545 %; null without cost.</summary>
    public static decimal? Of(decimal income, decimal cost) => cost > 0 ? (income - cost) / cost : null;
}

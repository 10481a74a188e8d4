namespace OrleansServe.UnitTests.Transfer.Support;

internal static class Limits
{
    /// <summary>Longer than anything takes that is not stuck.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);
}

namespace OrleansServe.Grains.Fleet;

/// <summary>The platform that starts and stops nodes cannot be reached or refuses; the message says why.</summary>
public sealed class FleetUnchangeableException : Exception
{
    /// <param name="message">Why.</param>
    /// <param name="inner">What it comes from.</param>
    public FleetUnchangeableException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}

using OrleansServe.Simulation.Demand;

namespace OrleansServe.Cli.Bench.Serving.Workloads;

/// <summary>
/// When requests come: independent gaps of mean 1 / rate from a gamma distribution, whatever the server does. Burstiness 1 is a Poisson process; below 1
/// requests come in bursts, above 1 more evenly.
/// </summary>
/// <param name="rate">Requests a second, above 0; infinity lets all come at once.</param>
/// <param name="burstiness">Shape of the gamma distribution, above 0.</param>
/// <param name="draws">Where the gaps come from.</param>
internal sealed class ArrivalProcess(double rate, double burstiness, SeededDraws draws)
{
    private double _seconds;

    /// <summary>Time of the next request, from the start; the first one comes at once.</summary>
    public TimeSpan Next()
    {
        TimeSpan due = TimeSpan.FromSeconds(_seconds);
        if (double.IsFinite(rate))
        {
            _seconds += draws.NextGamma(burstiness) / (rate * burstiness);
        }

        return due;
    }
}

using OrleansServe.Silo.Models;

namespace OrleansServe.Silo.Hosting;

/// <summary>Tells two of a start's progress, in order and on the caller's thread.</summary>
internal sealed class BothProgress(IProgress<LoadProgress> first, IProgress<LoadProgress>? second) : IProgress<LoadProgress>
{
    public void Report(LoadProgress value)
    {
        first.Report(value);
        second?.Report(value);
    }
}

using OrleansServe.Silo.Models;

namespace OrleansServe.Silo.Hosting;

/// <summary>Writes a line for each stage of a start, for who reads a container's log.</summary>
internal sealed class LineProgress(TextWriter output) : IProgress<LoadProgress>
{
    private string _stage = "";

    public void Report(LoadProgress value)
    {
        if (value.Stage != _stage)
        {
            _stage = value.Stage;
            output.WriteLine(value.Stage);
        }
    }
}

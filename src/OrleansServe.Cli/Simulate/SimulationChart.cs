using System.Globalization;
using System.Text;

using OrleansServe.Cli.Rendering;
using OrleansServe.Simulation.Runs;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Cli.Simulate;

/// <summary>A simulated day for people: a line an hour, and the figures below.</summary>
internal static class SimulationChart
{
    private const int Width = 36;

    /// <summary>Writes it.</summary>
    public static void Write(SimulationResult result, TimeSpan wall, Terminal terminal)
    {
        TextWriter output = terminal.Output;
        Scenario scenario = result.Scenario;
        output.WriteLine(terminal.Bold(TerminalText.OneLine(scenario.Title)));
        output.WriteLine($"{(result.Policy == FleetPolicy.Ours ? "our scaling policy" : "the source's node curve")}; units of {scenario.Prefill.Nodes} prefill and {scenario.Decode.Nodes} decode nodes; one simulated request stands for {Text($"{result.RequestsPerSimulated:0.#}")}");
        output.WriteLine();
        output.WriteLine($"hour   {"nodes (#), demand in nodes of the optimum (|)",-Width}  nodes  demand   cost USD  income USD   in time");
        double most = Math.Max(1, result.Hours.Max(hour => Math.Max(hour.Nodes, hour.OptimumNodes)));
        foreach (HourFigures hour in result.Hours)
        {
            string time = scenario.Settings.Start.AddHours(hour.Hour).ToString("HH:mm", CultureInfo.InvariantCulture);
            string inTime = hour.Requests > 0 ? Text($"{100.0 * hour.InTime / hour.Requests:0.00} %") : "-";
            output.WriteLine($"{time}  {Bar(hour, most)}  {Text($"{hour.Nodes,6:0.0} {hour.OptimumNodes,7:0.0} {hour.Cost,10:N0} {hour.Revenue,11:N0}")} {inTime,9}");
        }

        output.WriteLine();
        foreach ((string name, string value) in Figures(result, wall))
        {
            output.WriteLine($"{name,-34}{value}");
        }
    }

    private static IEnumerable<(string Name, string Value)> Figures(SimulationResult result, TimeSpan wall)
    {
        double optimum = result.OptimumNodeHours;
        string ratio = optimum > 0 ? Text($" ({(double)result.NodeHours / optimum:0.0000} of it)") : "";
        yield return ("nodes on average", Text($"{result.AverageNodes:0.00}"));
        yield return ("node-hours", Text($"{result.NodeHours:N1}"));
        yield return ("an optimum that knows the future", Text($"{optimum:N1}{ratio}"));
        yield return ("cost", Text($"${result.Cost:N2}"));
        yield return ("income", Text($"${result.Revenue:N2}"));
        yield return ("margin", result.Margin is { } margin ? Text($"{100 * margin:0} %") : "-");
        yield return ("requests", Text($"{result.Requests:N0}, {result.Refused:N0} refused"));
        yield return ("first token within target", Text($"{100 * result.FirstTokenAttainment:0.00} % within {result.Scenario.Settings.FirstTokenTarget.TotalSeconds:0.###} s"));
        yield return ("first token, median and 99 %", Text($"{result.FirstTokenMedian:0.00} s, {result.FirstTokenP99:0.00} s"));
        yield return ("units moved", Text($"{result.UnitsMoved}"));
        yield return ("simulated in", Quantity.Duration(wall));
    }

    private static string Bar(HourFigures hour, double most)
    {
        StringBuilder bar = new(new string(' ', Width));
        int nodes = (int)Math.Round(hour.Nodes / most * (Width - 1));
        for (int i = 0; i < nodes; i++)
        {
            bar[i] = '#';
        }

        bar[Math.Clamp((int)Math.Round(hour.OptimumNodes / most * (Width - 1)), 0, Width - 1)] = '|';
        return bar.ToString();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}

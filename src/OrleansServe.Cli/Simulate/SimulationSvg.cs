using System.Globalization;
using System.Security;
using System.Text;

using OrleansServe.Simulation.Runs;
using OrleansServe.Simulation.Scenarios;

namespace OrleansServe.Cli.Simulate;

/// <summary>A simulated day as a picture: nodes above, cost and income by the hour below.</summary>
internal sealed class SimulationSvg
{
    private const int Width = 960;
    private const int Left = 70;
    private const int Right = 20;
    private const int NodesTop = 70;
    private const int NodesBottom = 330;
    private const int MoneyTop = 390;
    private const int MoneyBottom = 570;
    private const int Height = 610;
    private const string Nodes = "#1b6ca8";
    private const string Demand = "#d1495b";
    private const string Cost = "#8d99ae";
    private const string Income = "#2e933c";

    private readonly StringBuilder _text = new();
    private readonly SimulationResult _result;

    private SimulationSvg(SimulationResult result) => _result = result;

    /// <summary>The picture as one SVG document.</summary>
    public static string Draw(SimulationResult result)
    {
        SimulationSvg svg = new(result);
        svg.Draw();
        return svg._text.ToString();
    }

    private static double X(double hour) => Left + (hour / Scenario.Hours * (Width - Left - Right));

    private void Draw()
    {
        Line($"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {Width} {Height}" font-family="sans-serif" font-size="12" fill="#333">""");
        Line($"""<rect width="{Width}" height="{Height}" fill="#fff"/>""");
        string title = new([.. _result.Scenario.Title.Where(c => !char.IsControl(c) && !char.IsSurrogate(c))]);
        Line($"""<text x="{Left}" y="24" font-size="16">{SecurityElement.Escape(title)}</text>""");
        Line($"""<text x="{Left}" y="44">{_result.NodeHours:0.0} node-hours (optimum {_result.OptimumNodeHours:0.0}); cost ${_result.Cost:0}, income ${_result.Revenue:0}; first token in time {100 * _result.FirstTokenAttainment:0.00} %</text>""");
        DrawNodes();
        DrawMoney();
        Line($"</svg>");
    }

    private void DrawNodes()
    {
        double most = Top(Math.Max(_result.Nodes.Max(step => step.Nodes), _result.OptimumNodes.Max(step => step.Nodes)));
        double Y(double nodes) => NodesBottom - (nodes / most * (NodesBottom - NodesTop));
        DrawAxes(most, NodesTop, NodesBottom, "nodes");
        Line($"""<path d="{Path(_result.Nodes, Y)} V{NodesBottom} H{X(0):0.0} Z" fill="{Nodes}" fill-opacity="0.15"/>""");
        Line($"""<path d="{Path(_result.Nodes, Y)}" fill="none" stroke="{Nodes}" stroke-width="1.5"/>""");
        Line($"""<path d="{Path(_result.OptimumNodes, Y)}" fill="none" stroke="{Demand}" stroke-width="1.2" stroke-dasharray="4 2"/>""");
        Legend(NodesTop - 8, (Nodes, _result.Policy == FleetPolicy.Ours ? "nodes, our policy" : "nodes, as printed"), (Demand, "demand, in nodes of an optimum that knows the future"));
    }

    private void DrawMoney()
    {
        double most = Top((double)_result.Hours.Max(hour => Math.Max(hour.Cost, hour.Revenue)));
        double Y(decimal usd) => MoneyBottom - ((double)usd / most * (MoneyBottom - MoneyTop));
        DrawAxes(most, MoneyTop, MoneyBottom, "US dollars an hour");
        double width = (X(1) - X(0)) * 0.4;
        foreach (HourFigures hour in _result.Hours)
        {
            double x = X(hour.Hour) + (width * 0.2);
            Line($"""<rect x="{x:0.0}" y="{Y(hour.Cost):0.0}" width="{width:0.0}" height="{MoneyBottom - Y(hour.Cost):0.0}" fill="{Cost}"/>""");
            Line($"""<rect x="{x + width:0.0}" y="{Y(hour.Revenue):0.0}" width="{width:0.0}" height="{MoneyBottom - Y(hour.Revenue):0.0}" fill="{Income}"/>""");
        }

        Legend(MoneyTop - 8, (Cost, "cost"), (Income, "income"));
    }

    private void DrawAxes(double most, int top, int bottom, string unit)
    {
        const int Lines = 4;
        for (int line = 0; line <= Lines; line++)
        {
            double y = bottom - ((double)(bottom - top) * line / Lines);
            Line($"""<path d="M{Left} {y:0.0} H{Width - Right}" stroke="#ddd"/><text x="{Left - 6}" y="{y + 4:0.0}" text-anchor="end">{most * line / Lines:#,0.##}</text>""");
        }

        for (int hour = 0; hour <= Scenario.Hours; hour += 3)
        {
            Line($"""<text x="{X(hour):0.0}" y="{bottom + 16}" text-anchor="middle">{_result.Scenario.Settings.Start.AddHours(hour):HH:mm}</text>""");
        }

        Line($"""<text x="14" y="{(top + bottom) / 2}" transform="rotate(-90 14 {(top + bottom) / 2})" text-anchor="middle">{unit}</text>""");
    }

    private void Legend(int y, params (string Colour, string Text)[] entries)
    {
        double x = Left;
        foreach ((string colour, string text) in entries)
        {
            Line($"""<rect x="{x:0}" y="{y - 9}" width="12" height="9" fill="{colour}"/><text x="{x + 17:0}" y="{y}">{text}</text>""");
            x += 60 + (text.Length * 6);
        }
    }

    private static string Path(IReadOnlyList<NodeStep> steps, Func<double, double> y)
    {
        StringBuilder path = new();
        foreach (NodeStep step in steps)
        {
            path.Append(CultureInfo.InvariantCulture, $"{(path.Length == 0 ? $"M{X(0):0.0} {y(step.Nodes):0.0}" : $" H{X(step.Hour):0.0} V{y(step.Nodes):0.0}")}");
        }

        return path.Append(CultureInfo.InvariantCulture, $" H{X(Scenario.Hours):0.0}").ToString();
    }

    /// <summary>A round number above a value.</summary>
    private static double Top(double value)
    {
        double power = Math.Pow(10, Math.Floor(Math.Log10(Math.Max(1, value))));
        return new[] { 1, 1.6, 2, 3.2, 4, 6, 8, 10 }.Select(step => step * power).First(top => top >= value);
    }

    private void Line(FormattableString line) => _text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

using System.Text.Json;

using OrleansServe.Grains.Fleet.Kubernetes;
using OrleansServe.Policies.Scaling;

namespace OrleansServe.Silo.Options;

/// <summary>Reads from JSON how a fleet scales.</summary>
internal static class ScalingFile
{
    private const long MostBytes = 1 << 20;

    /// <summary>Reads and checks.</summary>
    /// <param name="path">The file.</param>
    /// <param name="fleet">What is known of the fleet beside it.</param>
    /// <exception cref="FormatException">Something is wrong with it; the message lists every fault.</exception>
    public static FleetOptions Read(string path, FleetOptions fleet)
    {
        List<string> faults = [];
        (ScalingOptions options, KubernetesFleetOptions kubernetes) = Parse(path, faults);
        faults.AddRange(ScalingOptionsValidator.FindFaults(options));
        faults.AddRange(kubernetes.FindFaults());
        return faults.Count == 0 ? fleet with { Scaling = options, Kubernetes = kubernetes } : throw new FormatException($"{path}: {string.Join("; ", faults)}");
    }

    private static (ScalingOptions Scaling, KubernetesFleetOptions Kubernetes) Parse(string path, List<string> faults)
    {
        try
        {
            using FileStream stream = File.OpenRead(path);
            if (stream.Length > MostBytes)
            {
                throw new FormatException($"{path} has at most {MostBytes} bytes, has {stream.Length}");
            }

            using JsonDocument document = JsonDocument.Parse(stream, new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ScalingFields(document.RootElement, string.Empty, faults).Whole(static fields => (ReadOptions(fields), fields.Object("kubernetes", new KubernetesFleetOptions(), ReadKubernetes)))
                : throw new FormatException($"{path}: must be an object, is {document.RootElement.ValueKind}");
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or JsonException or ArgumentException or NotSupportedException)
        {
            throw new FormatException($"{path}: {exception.Message}", exception);
        }
    }

    private static ScalingOptions ReadOptions(ScalingFields fields)
    {
        ScalingOptions usual = new();
        return new ScalingOptions
        {
            TimeZone = fields.Text("time_zone", usual.TimeZone),
            Prefill = fields.Object("prefill", usual.Prefill, ReadRole),
            Decode = fields.Object("decode", usual.Decode, ReadRole),
            Interactive = fields.Object("interactive", usual.Interactive, part => ReadClass(part, usual.Interactive)),
            Standard = fields.Object("standard", usual.Standard, part => ReadClass(part, usual.Standard)),
            Batch = fields.Object("batch", usual.Batch, part => ReadClass(part, usual.Batch)),
            KvUse = fields.Number("kv_use", usual.KvUse),
            Schedule = fields.Items("schedule", ReadWindow),
            GpusPerNode = fields.Count("gpus_per_node", usual.GpusPerNode),
            GpuHourPrice = fields.Money("gpu_hour_usd", usual.GpuHourPrice),
            Prices = fields.Items("prices", part => new PriceWindow(part.Time("from"), part.Time("to"), part.Money("gpu_hour_usd", 0))),
            StartUp = fields.Seconds("start_up_seconds", usual.StartUp),
            DecisionInterval = fields.Seconds("decision_seconds", usual.DecisionInterval),
            ScaleInCoolDown = fields.Seconds("scale_in_cool_down_seconds", usual.ScaleInCoolDown),
            ScaleOutCoolDown = fields.Seconds("scale_out_cool_down_seconds", usual.ScaleOutCoolDown),
            ReportTimeout = fields.Seconds("report_timeout_seconds", usual.ReportTimeout),
            HistoryDays = fields.Count("history_days", usual.HistoryDays),
            LargestScaleIn = fields.Number("largest_scale_in", usual.LargestScaleIn),
        };
    }

    private static KubernetesFleetOptions ReadKubernetes(ScalingFields fields)
    {
        KubernetesFleetOptions usual = new();
        return new KubernetesFleetOptions
        {
            Server = fields.Address("server", usual.Server),
            Account = fields.Text("account", usual.Account),
            Namespace = fields.OptionalText("namespace"),
            PrefillSet = fields.Text("prefill_set", usual.PrefillSet),
            DecodeSet = fields.Text("decode_set", usual.DecodeSet),
            Pods = fields.Text("pods", usual.Pods),
            Pool = fields.OptionalText("pool"),
            LentLabel = fields.Text("lent_label", usual.LentLabel),
        };
    }

    private static RoleScaling ReadRole(ScalingFields fields)
    {
        RoleScaling usual = new();
        return new RoleScaling
        {
            NodesPerUnit = fields.Count("nodes_per_unit", usual.NodesPerUnit),
            Minimum = fields.Count("minimum", usual.Minimum),
            Maximum = fields.Count("maximum", usual.Maximum),
            Step = fields.Count("step", usual.Step),
            InitialCapacity = fields.Number("tokens_per_second", usual.InitialCapacity),
        };
    }

    private static ClassScaling ReadClass(ScalingFields fields, ClassScaling usual) => new(
        fields.Number("utilization", usual.Utilization), fields.Seconds("first_token_seconds", usual.FirstToken), fields.Seconds("deferral_seconds", usual.Deferral));

    private static ScheduleWindow ReadWindow(ScalingFields fields)
    {
        ScheduleWindow window = new()
        {
            Name = fields.Text("name", "a window"),
            From = fields.Time("from"),
            To = fields.Time("to"),
            PrefillMinimum = fields.OptionalCount("prefill_minimum"),
            PrefillMaximum = fields.OptionalCount("prefill_maximum"),
            DecodeMinimum = fields.OptionalCount("decode_minimum"),
            DecodeMaximum = fields.OptionalCount("decode_maximum"),
        };
        return fields.Days("days") is { } days ? window with { Days = days } : window;
    }
}

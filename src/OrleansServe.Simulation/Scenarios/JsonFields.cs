using System.Globalization;
using System.Text.Json;

namespace OrleansServe.Simulation.Scenarios;

/// <summary>Reads fields of a JSON object, and notes what is wrong with them: field, limit and value.</summary>
internal sealed class JsonFields(JsonElement element, string path, List<string> faults)
{
    private const int MostShown = 40;
    private readonly HashSet<string> _known = [];

    /// <summary>The object behind a field; an empty one if it is missing.</summary>
    public JsonFields Object(string name, bool required)
    {
        string full = Full(name);
        if (!TryGet(name, out JsonElement value))
        {
            if (required)
            {
                faults.Add($"{full} is missing");
            }

            return new JsonFields(default, full, required ? [] : faults);
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return new JsonFields(value, full, faults);
        }

        faults.Add($"{full} must be an object, is {Show(value)}");
        return new JsonFields(default, full, []);
    }

    /// <summary>Whether a field is there and is not null.</summary>
    public bool Has(string name) => TryGet(name, out _);

    /// <summary>A number in a range.</summary>
    /// <returns>The number; the fallback where it is missing or wrong.</returns>
    public double Number(string name, double? fallback, double least, double most)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return Missing(name, fallback);
        }

        return CheckedNumber(value, Full(name), least, most) ?? fallback ?? least;
    }

    /// <summary>A whole number in a range; 1e9 is one too.</summary>
    public long Integer(string name, long? fallback, long least, long most)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return Missing(name, fallback);
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal number) && number >= least && number <= most && decimal.Truncate(number) == number)
        {
            return (long)number;
        }

        faults.Add($"{Full(name)} must be a whole number from {least} to {most}, is {Show(value)}");
        return fallback ?? least;
    }

    /// <summary>An amount of money in a range.</summary>
    public decimal Money(string name, decimal? fallback, decimal most)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return Missing(name, fallback);
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDecimal(out decimal money) && money >= 0 && money <= most)
        {
            return money;
        }

        faults.Add($"{Full(name)} must be an amount from 0 to {most}, is {Show(value)}");
        return 0;
    }

    /// <summary>A text.</summary>
    public string? Text(string name, int mostCharacters)
    {
        if (!TryGet(name, out JsonElement value))
        {
            return null;
        }

        try
        {
            if (value.ValueKind == JsonValueKind.String && value.GetString() is { Length: > 0 } text && text.Length <= mostCharacters)
            {
                return text;
            }
        }
        catch (InvalidOperationException)
        {
            // Half of a surrogate pair, written as an escape: no text, and said below.
        }

        faults.Add($"{Full(name)} must be a text of 1 to {mostCharacters} characters, is {Show(value)}");
        return null;
    }

    /// <summary>The elements of an array within limits of its length; none if it is missing or wrong.</summary>
    public IReadOnlyList<JsonElement> Array(string name, int least, int most, bool required)
    {
        if (!TryGet(name, out JsonElement value))
        {
            if (required)
            {
                faults.Add($"{Full(name)} is missing");
            }

            return [];
        }

        if (value.ValueKind == JsonValueKind.Array && value.GetArrayLength() is var length && length >= least && length <= most)
        {
            return [.. value.EnumerateArray()];
        }

        faults.Add($"{Full(name)} must be an array of {(least == most ? $"{least}" : $"{least} to {most}")} elements, {(value.ValueKind == JsonValueKind.Array ? $"has {value.GetArrayLength()}" : $"is {Show(value)}")}");
        return [];
    }

    /// <summary>An element of an array as an object; one without fields, and a fault, if it is none.</summary>
    public JsonFields Element(JsonElement value, string name)
    {
        if (value.ValueKind == JsonValueKind.Object)
        {
            return new JsonFields(value, Full(name), faults);
        }

        Fault(name, $"must be an object, is {Show(value)}");
        return new JsonFields(default, Full(name), []);
    }

    /// <summary>A number in a range, or null with a fault.</summary>
    public double? CheckedNumber(JsonElement value, string name, double least, double most)
    {
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double number) && number >= least && number <= most)
        {
            return number;
        }

        faults.Add(string.Create(CultureInfo.InvariantCulture, $"{name} must be a number from {least} to {most}, is {Show(value)}"));
        return null;
    }

    /// <summary>Refuses fields that nobody has asked for: a mistyped setting must not be ignored.</summary>
    public void RefuseOthers()
    {
        if (element.ValueKind == JsonValueKind.Object)
        {
            faults.AddRange(element.EnumerateObject().Where(field => !_known.Contains(field.Name)).Select(field =>
                $"{path} has no field {Cut(field.Name)}; it has {string.Join(", ", _known.Order(StringComparer.Ordinal))}"));
        }
    }

    /// <summary>Notes what is wrong with a field.</summary>
    public void Fault(string name, string what) => faults.Add($"{Full(name)} {what}");

    /// <summary>Name of a field from the top of the document on.</summary>
    public string Full(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>A value in a few characters.</summary>
    public static string Show(JsonElement value) => value.ValueKind == JsonValueKind.Undefined ? "nothing" : Cut(value.GetRawText());

    private static string Cut(string text) => text.Length <= MostShown ? text : text[..MostShown] + "…";

    private bool TryGet(string name, out JsonElement value)
    {
        _known.Add(name);
        value = default;
        return element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out value) && value.ValueKind != JsonValueKind.Null;
    }

    private T Missing<T>(string name, T? fallback)
        where T : struct
    {
        if (fallback is null)
        {
            faults.Add($"{Full(name)} is missing");
        }

        return fallback ?? default;
    }
}

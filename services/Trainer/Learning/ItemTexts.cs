using System.Text.Json;
using Recommender.Contracts;
using Recommender.Factorization.Content;

namespace Recommender.Trainer.Learning;

/// <summary>The catalogue content of an item, in the form learning uses.</summary>
internal static class ItemTexts
{
    /// <summary>Null for an item known only from events. Properties count as labels with their name, numbers as numbers.</summary>
    public static ItemText? Of(Item? item)
    {
        if (item is null) return null;
        List<string> labels = [.. item.Categories, .. item.Tags];
        var numbers = new List<(string, double)>();
        foreach (var (name, value) in item.Properties)
        {
            switch (value.ValueKind)
            {
                case JsonValueKind.Number: numbers.Add((name, value.GetDouble())); break;
                case JsonValueKind.String: labels.Add($"{name}={value.GetString()}"); break;
                case JsonValueKind.True or JsonValueKind.False: labels.Add($"{name}={value.ValueKind}"); break;
                case JsonValueKind.Array: labels.AddRange(value.EnumerateArray().Select(v => $"{name}={v.GetString()}")); break;
            }
        }

        return new ItemText { Title = item.Title, Labels = labels, Numbers = numbers, Vector = item.Vector };
    }
}
